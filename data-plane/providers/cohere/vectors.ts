/** Vectors as Cohere's embedding models answer with them: by type, or, where no type was asked for, by themselves. Pure. */
import { type Json, listOf, objectOf } from "../common-form.ts";

export const vectorsOf = ({ embeddings }: Json): readonly unknown[] =>
  Array.isArray(embeddings) ? embeddings : listOf(objectOf(embeddings)["float"]);
