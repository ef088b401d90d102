// Writes an ONNX model whose large tensors come in chunks, as SafetensorsWriter does with its own: no table is in memory
// twice. A protobuf message ends at 2 GiB; beyond that the tensors lie in a second file, `NAME.data` beside the model
// ("external data"), each from a multiple of 4,096 bytes on so that it can be mapped.
import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import { PartialFile } from '../formats/partial-file.js';
import {
  type BytesElsewhere,
  encodeMetadata,
  type OnnxModel,
  type OnnxTensor,
  onnxMessage,
} from './onnx-model.js';

/** The most bytes of a model in one file: 16 MiB below what protobuf reads. */
export const MOST_MODEL_BYTES = 2 ** 31 - 2 ** 24;

const ALIGNMENT = 4096;

interface Target {
  readonly file: PartialFile;
  readonly at: number;
  readonly sizeBytes: number;
  written: number;
}

/** A model being written. End with `finish`, or `abandon`. */
export class OnnxFileWriter {
  private readonly targets = new Map<string, Target>();

  private constructor(
    /** Of the model. */
    readonly path: string,
    private readonly model: PartialFile,
    private readonly data: PartialFile | null,
    private readonly places: ReadonlyMap<string, Required<BytesElsewhere>>,
  ) {}

  /**
   * @param mostBytes of a model in one file; with more, its large tensors go to a second one
   * @throws UserError when a file cannot be written
   */
  static async create(path: string, model: OnnxModel, mostBytes = MOST_MODEL_BYTES): Promise<OnnxFileWriter> {
    const isExternal = onnxMessage(model).sizeBytes > mostBytes;
    const placed = isExternal ? withExternalData(model, `${basename(path)}.data`) : model;
    const pieces = onnxMessage(placed).pieces();
    const file = await PartialFile.create(path);
    let data: PartialFile | null = null;
    try {
      data = isExternal ? await PartialFile.create(`${path}.data`) : null;
      const places = new Map<string, Required<BytesElsewhere>>();
      for (const { name, bytes } of placed.initializers) {
        if (bytes instanceof Uint8Array || !bytes.file) continue;
        places.set(name, { sizeBytes: bytes.sizeBytes, file: bytes.file });
      }
      for (const { at, piece } of pieces) {
        if (piece instanceof Uint8Array) await file.write(piece, at);
        else {
          const inside = { location: basename(path), offset: at };
          places.set(piece.name, { sizeBytes: piece.sizeBytes, file: inside });
        }
      }
      const writer = new OnnxFileWriter(path, file, data, places);
      for (const [name, { file: place, sizeBytes }] of places) {
        writer.targets.set(name, { file: data ?? file, at: place.offset, sizeBytes, written: 0 });
      }
      return writer;
    } catch (error) {
      await file.abandon();
      await data?.abandon();
      throw error;
    }
  }

  /** Paths of the files. */
  get files(): string[] {
    return this.data ? [this.path, `${this.path}.data`] : [this.path];
  }

  /** Appends bytes to a tensor that was left out; tensors may take turns. Free again when the promise resolves. */
  async write(name: string, bytes: Uint8Array): Promise<void> {
    const target = this.targets.get(name);
    if (target === undefined) throw new Error(`The model has no tensor '${name}' to be written.`);
    const { at, sizeBytes, written, file } = target;
    if (written + bytes.length > sizeBytes) throw new Error(`Tensor '${name}' has ${sizeBytes} bytes.`);
    target.written += bytes.length;
    await file.write(bytes, at + written);
  }

  /** Tensors that were written, as another model beside this one can have them without a copy. */
  elsewhere(tensor: OnnxTensor): OnnxTensor {
    const bytes = this.places.get(tensor.name);
    return bytes ? { ...tensor, bytes } : tensor;
  }

  /** Puts the files on the disk, then under their names. */
  async finish(): Promise<void> {
    for (const [name, { written, sizeBytes }] of this.targets) {
      if (written !== sizeBytes)
        throw new Error(`Tensor '${name}' was given ${written} of ${sizeBytes} bytes.`);
    }
    await this.data?.finish();
    await this.model.finish();
  }

  /** Gives up: nothing is left behind. */
  async abandon(): Promise<void> {
    await this.model.abandon();
    await this.data?.abandon();
  }
}

/** Adds a line of metadata to a model in a file. */
export async function appendMetadata(path: string, key: string, value: string): Promise<void> {
  const file = await open(path, 'a');
  try {
    await file.write(encodeMetadata(key, value));
    await file.sync();
  } finally {
    await file.close();
  }
}

function withExternalData(model: OnnxModel, location: string): OnnxModel {
  let offset = 0;
  const initializers = model.initializers.map((tensor): OnnxTensor => {
    const { bytes } = tensor;
    if (bytes instanceof Uint8Array) return tensor;
    const file = { location, offset };
    offset = Math.ceil((offset + bytes.sizeBytes) / ALIGNMENT) * ALIGNMENT;
    return { ...tensor, bytes: { sizeBytes: bytes.sizeBytes, file } };
  });
  return { ...model, initializers };
}
