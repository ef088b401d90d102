// Where to write the names of points in a frame so that they can be read: beside the point where there is room, further
// away with a line to it where there is not. Greedy, in the order given; the same points give the same places.

export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

export interface LabelledPoint {
  /** In pixels. */
  readonly x: number;
  readonly y: number;
  readonly width: number;
  /** Half the length of the point's vertical error bar. */
  readonly reach: number;
}

/** The text's middle, in pixels; where a line from the point should end, if one should lead to it. */
export interface LabelPlace {
  readonly x: number;
  readonly y: number;
  readonly line: { readonly x: number; readonly y: number } | null;
}

const height = 14;
const gap = 8;
/** A point with a little air around. */
const pointRadius = 7;

/** @returns for each point its label's place, or null where there is no room within the bounds */
export function labelPlaces(points: readonly LabelledPoint[], bounds: Box): (LabelPlace | null)[] {
  const taken: Box[] = points.flatMap(({ x, y, reach }) => [
    { left: x - pointRadius, right: x + pointRadius, top: y - pointRadius, bottom: y + pointRadius },
    { left: x - 2, right: x + 2, top: y - reach, bottom: y + reach },
  ]);
  return points.map((point) => {
    // Rather a line across another label or point than no name.
    for (const mayCross of [false, true]) {
      for (const place of candidates(point)) {
        const box = labelBox(place, point.width);
        if (!isWithin(box, bounds) || taken.some((other) => overlap(box, other))) continue;
        const end = {
          x: within(point.x, box.left, box.right),
          y: within(point.y, box.top + 3, box.bottom - 3),
        };
        if (place.isFar && !mayCross && taken.some((other) => isCrossed(other, point, end))) continue;
        taken.push(box);
        return { x: place.x, y: place.y, line: place.isFar ? end : null };
      }
    }
    return null;
  });
}

export function labelBox({ x, y }: { x: number; y: number }, width: number): Box {
  return { left: x - width / 2, right: x + width / 2, top: y - height / 2, bottom: y + height / 2 };
}

/** Right, left, above, below; then around, in rings. */
function* candidates({
  x,
  y,
  width,
  reach,
}: LabelledPoint): Generator<{ x: number; y: number; isFar: boolean }> {
  const beside = gap + width / 2;
  const above = Math.max(gap, reach) + height / 2 + 1;
  yield { x: x + beside, y, isFar: false };
  yield { x: x - beside, y, isFar: false };
  yield { x, y: y - above, isFar: false };
  yield { x, y: y + above, isFar: false };
  for (let ring = 22; ring <= 220; ring += 11) {
    for (const turn of [0.5, -0.5, 0.25, -0.25, 0.75, -0.75, 0.1, -0.1, 0.4, -0.4, 0.6, -0.6, 0.9, -0.9]) {
      // The label's nearer end lies on the ring, so that no line runs through its own text.
      const dx = ring * Math.cos(turn * Math.PI);
      const dy = ring * Math.sin(turn * Math.PI);
      const side = Math.abs(dx) < 1 ? 0 : (Math.sign(dx) * width) / 2;
      yield { x: x + dx + side, y: y + dy, isFar: true };
    }
  }
}

/** Does the line go through the box, other than one it begins in? Looked at in steps of two pixels or so. */
function isCrossed(box: Box, from: { x: number; y: number }, to: { x: number; y: number }): boolean {
  if (isInside(box, from)) return false;
  const steps = Math.ceil(Math.hypot(to.x - from.x, to.y - from.y) / 2);
  return Array.from({ length: steps }, (_, i) => i / steps).some((share) =>
    isInside(box, { x: from.x + share * (to.x - from.x), y: from.y + share * (to.y - from.y) }),
  );
}

function isInside(box: Box, { x, y }: { x: number; y: number }): boolean {
  return x >= box.left && x <= box.right && y >= box.top && y <= box.bottom;
}

function within(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}

function overlap(a: Box, b: Box): boolean {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}

function isWithin(box: Box, bounds: Box): boolean {
  return (
    box.left >= bounds.left &&
    box.right <= bounds.right &&
    box.top >= bounds.top &&
    box.bottom <= bounds.bottom
  );
}
