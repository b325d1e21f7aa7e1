// Small pieces of an OpenAPI document.

/** A JSON object. */
export type Json = Record<string, unknown>;

/** A text body, with an example. */
export const text = (example?: string): Json => ({
  "text/plain": { schema: { type: "string" }, ...(example === undefined ? {} : { example }) },
});
/** The body of an image client. */
export const gif: Json = { "image/gif": { schema: { type: "string", contentEncoding: "binary" } } };
/** A JSON body of this schema. */
export const json = (schema: Json): Json => ({ "application/json": { schema } });
/** A header of an answer. */
export const header = (description: string): Json => ({ description, schema: { type: "string" } });

/** A reference to a schema of the document. */
export const ref = (name: string): Json => ({ $ref: `#/components/schemas/${name}` });
