// The data sets that generated rows can look like, by the name that `prepare` knows them by.
import { avazu } from './avazu.js';
import { criteo } from './criteo.js';
import type { Shape } from './shape.js';

export const shapes = { criteo, avazu } as const satisfies Record<string, Shape>;
export type ShapeName = keyof typeof shapes;
export const shapeNames = Object.keys(shapes) as ShapeName[];
