"""From a source to HLS: probe, plan, chunks, CMAF segments, playlists. Knows assets, never lessons."""
