/** The glue module of `@prisma/schema-engine-wasm`, which ships without types for it. */
declare module "@prisma/schema-engine-wasm/schema_engine_bg" {
  export function __wbg_set_wasm(exports: WebAssembly.Exports): void;
  export const SchemaEngine: WebAssembly.ExportValue & {
    new: (
      options: { datamodels: [string, string][] },
      log: () => void,
      adapter: unknown,
    ) => Promise<import("./schema-engine").SchemaEngine>;
  };
}
