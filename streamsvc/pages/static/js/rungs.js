// Which rungs a player may climb to, and how far it loads ahead. Pure.

/** Until somebody plays, one or two segments are enough: a page that was opened by mistake costs little. */
const BEFORE_PLAY_S = 6;

/** While a better rung is near, little more than the next segments: what is loaded is played as it is. */
const CLIMBING_S = 20;

/** Enough to bridge a minute without a line; more would be wasted on whoever leaves. */
const WHOLE_S = 90;

/** A player climbs to a rung that takes no more than this share of the line. */
const CLIMBS_AT = 0.7;

/**
 * Rungs in the order of the ladder, whose names are given from low to high.
 *
 * A better one may show no more pixels, and two of one line take nearly the same. Unknown names go by what they take.
 */
export function inOrder(rungs, ladder) {
  const place = ({ uri }) => ladder.indexOf(uri.split("/").pop().replace(".m3u8", ""));
  const known = rungs.every((rung) => place(rung) >= 0);
  return [...rungs].sort((one, other) => (known ? place(one) - place(other) : one.bitrate - other.bitrate));
}

/**
 * The index of the best rung for a picture whose longer side has `pixels` on the screen.
 *
 * The smallest size that fills it is enough; of several rungs of that size, or smaller, the last is the best.
 */
export function highestFor(rungs, pixels) {
  const sides = rungs.map((rung) => Math.max(rung.width, rung.height));
  const enough = Math.min(...sides.filter((side) => side >= pixels));
  return sides.findLastIndex((side) => side <= enough);
}

/** Whether the line carries much more than the dearest of these rungs. */
export function hasRoom(rungs, estimate_bps) {
  return 2 * Math.max(0, ...rungs.map((rung) => rung.bitrate)) <= CLIMBS_AT * estimate_bps;
}

/**
 * How many seconds to load ahead.
 *
 * `level` is what is loaded now, `highest` the best it may be, `more` whether better ones are being made. A weak line
 * gets the whole buffer at once; a fast one does not fill it with what is about to get better.
 */
export function bufferFor({ playing, rungs, level, highest, estimate_bps, more }) {
  if (!playing) return BEFORE_PLAY_S;
  const next = rungs[level + 1];
  const climbs = level < highest && next && next.bitrate <= CLIMBS_AT * estimate_bps;
  return climbs || (more && hasRoom(rungs, estimate_bps)) ? CLIMBING_S : WHOLE_S;
}
