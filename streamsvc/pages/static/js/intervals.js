// Stretches of a lesson in seconds, as [from, to] pairs. Pure.

/** The union of `list` with one more stretch: ordered, never touching, to the millisecond. */
export function joined(list, from, to) {
  const merged = [];
  for (const [start, end] of [...list, [ms(from), ms(to)]].sort((a, b) => a[0] - b[0])) {
    if (end <= start) continue;
    const last = merged.at(-1);
    if (last && start <= last[1]) last[1] = Math.max(last[1], end);
    else merged.push([start, end]);
  }
  return merged;
}

export function total(list) {
  return list.reduce((sum, [from, to]) => sum + to - from, 0);
}

export function ms(seconds) {
  return Math.round(seconds * 1000) / 1000;
}
