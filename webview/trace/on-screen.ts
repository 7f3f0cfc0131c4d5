/**
 * The range `[first, end)` of elements, stacked from top to bottom, that reach into the window or into a half of its
 * height above or below it. Found by bisection, so that thousands of lines cost a dozen measurements.
 */
export function onScreen(stack: readonly HTMLElement[]): [first: number, end: number] {
  const margin = window.innerHeight / 2;
  const first = bisect(stack, (element) => element.getBoundingClientRect().bottom > -margin);
  const end = bisect(stack, (element) => element.getBoundingClientRect().top >= window.innerHeight + margin);
  return [first, end];
}

/** The index of the first element of which `holds` is true; it stays true behind it. */
function bisect<T>(list: readonly T[], holds: (element: T) => boolean): number {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(list[middle])) high = middle;
    else low = middle + 1;
  }
  return low;
}
