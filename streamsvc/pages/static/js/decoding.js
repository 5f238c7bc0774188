// What this device decodes smoothly, so that the service can answer with the codecs that cost the fewest bytes.

/** A device that says nothing within this time gets what every device plays. */
const PATIENCE_MS = 1000;
const EVERY_DEVICE = ["avc1", "mp4a"];

const SIZES = [
  { width: 1280, height: 720, avc1: "avc1.64001f", av01: "av01.0.05M.08" },
  { width: 1920, height: 1080, avc1: "avc1.640028", av01: "av01.0.08M.08" },
];
const PICTURES = { bitrate: 2_000_000, framerate: 30 };
const SOUND = { channels: "1", bitrate: 48_000, samplerate: 48_000 };

/**
 * Of `av01`, `avc1`, `opus` and `mp4a` those that play smoothly in a lesson whose largest picture has `lines`.
 *
 * A device that is slow with AV1 of 1080 lines gets it only of lessons that have fewer.
 */
export async function decodes(lines) {
  const size = SIZES.find((each) => lines <= each.height) ?? SIZES.at(-1);
  const tracks = {
    av01: { video: video(size, size.av01) },
    avc1: { video: video(size, size.avc1) },
    opus: { audio: { contentType: 'audio/mp4; codecs="opus"', ...SOUND } },
    mp4a: { audio: { contentType: 'audio/mp4; codecs="mp4a.40.2"', ...SOUND } },
  };
  const asked = Object.entries(tracks).map(async ([name, track]) => ((await isSmooth(track)) ? name : null));
  const late = new Promise((resolve) => setTimeout(resolve, PATIENCE_MS, EVERY_DEVICE));
  return (await Promise.race([Promise.all(asked), late])).filter(Boolean);
}

function video({ width, height }, codec) {
  return { contentType: `video/mp4; codecs="${codec}"`, width, height, ...PICTURES };
}

async function isSmooth(track) {
  // Without hls.js the browser's own player reads the playlist, which may know other codecs than MediaSource does.
  const type = window.Hls?.isSupported() ? "media-source" : "file";
  try {
    const { supported, smooth } = await navigator.mediaCapabilities.decodingInfo({ type, ...track });
    return supported && smooth;
  } catch {
    // An old browser does not know the question, or not the codec.
    return false;
  }
}
