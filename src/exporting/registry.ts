// Every export format by its name: one file and one line each.
import { bundle } from './bundle-format.js';
import type { Exporter } from './exporter.js';
import { onnx } from './onnx.js';
import { safetensors } from './safetensors.js';
import { torchRows } from './torch-rows.js';

export const exporters = {
  onnx,
  safetensors,
  'torch-rows': torchRows,
  bundle,
} as const satisfies Record<string, Exporter>;

export type ExportFormat = keyof typeof exporters;
/** In the order of the registry. */
export const exportFormats = Object.keys(exporters) as [ExportFormat, ...ExportFormat[]];
