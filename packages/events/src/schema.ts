/** The part of Avro that the schemas of this package use; `schemas.spec.ts` holds them to it. */
export interface AvroField {
  readonly name: string;
  readonly type: AvroType;
  readonly doc?: string;
  readonly default?: unknown;
}

export interface AvroSchema {
  readonly type: 'record';
  readonly name: string;
  readonly namespace?: string;
  readonly doc?: string;
  readonly fields: readonly AvroField[];
}

export interface AvroEnum {
  readonly type: 'enum';
  readonly name: string;
  readonly doc?: string;
  readonly symbols: readonly string[];
  readonly default?: string;
}

export interface AvroArray {
  readonly type: 'array';
  readonly items: AvroType;
}

/** A primitive or the name of a type defined earlier, a named type, a list, or a nullable one. */
export type AvroType = string | AvroSchema | AvroEnum | AvroArray | readonly ['null', AvroType];
