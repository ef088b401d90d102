// Every kernel of bitrow. Pointer style: arguments are byte addresses in the one imported memory, nothing is
// allocated here. Each kernel does in every bit what its namesake in src/kernels/reference*.ts does: one IEEE
// operation at a time in the same order, sums over D in four lanes (element j to lane j mod 4), then (0+1)+(2+3).

export { addInto, combineRows, divideRows, expandRows, findNonFinite, poolRows, segmentSum } from './batch';
export { gridGradient, roundToGrid } from './grid';
export { addPairs, multiplyPairs, pairGradients } from './pairs';
export { lookupAffine, lookupCodebook } from './lookup';
export { lookupSteps, lookupValues } from './lookup-steps';
export { countMagnitudes, zeroMagnitudes } from './magnitudes';
export { nestedGradient } from './nested';
export { adaptRows, adaptValues, sgd } from './optimizers';
export { packBytes, storeSides } from './fused';
export { quantizeGreedy } from './greedy';
export { quantizeMinMax } from './minmax';
export { rowLosses } from './row-losses';
export { dropoutMask } from './random';
export { fetchRows, readBiases, readRows, readServed, readSteps, touchRows } from './read';
export { bindState } from './row-state';
export { countCodes, countErased } from './statistics';
export { bind } from './table';
export { fitRows, forwardRows, roundSteps, stepGradient, writeCodes, writeSteps, writeValues } from './write';
