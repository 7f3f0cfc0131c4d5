/** How a curve is told from the others: by colour, and by shape for who does not see colours. */
export interface Marker {
  /** Stands out from white and from near black. */
  colour: string;
  /** Path around the origin, about 10 wide. */
  path: string;
}

const MARKERS: readonly Marker[] = [
  { colour: '#808080', path: 'M-5 0a5 5 0 1 0 10 0a5 5 0 1 0 -10 0z' },
  { colour: '#2f80d0', path: 'M-4.5 -4.5h9v9h-9z' },
  { colour: '#d9700a', path: 'M0 -5.5L5.5 4.5H-5.5z' },
  { colour: '#2a9a58', path: 'M0 -6L6 0L0 6L-6 0z' },
  { colour: '#d94a5e', path: 'M0 5.5L5.5 -4.5H-5.5z' },
  { colour: '#9062d0', path: 'M-2 -5.5h4v3.5h3.5v4h-3.5v3.5h-4v-3.5h-3.5v-4h3.5z' },
  {
    colour: '#a08000',
    path: 'M-5 -2.5L-2.5 -5L0 -2.5L2.5 -5L5 -2.5L2.5 0L5 2.5L2.5 5L0 2.5L-2.5 5L-5 2.5L-2.5 0z',
  },
];

/** The marker of a curve, by its number; no two of the first 49 are the same. */
export function markerOf(curve: number): Marker {
  const count = MARKERS.length;
  const { colour } = MARKERS[curve % count];
  const { path } = MARKERS[(curve + Math.floor(curve / count)) % count];
  return { colour, path };
}
