// The package has no types of its own; these are for what is used of it.
declare module '@micropython/micropython-webassembly-pyscript' {
  export interface MicroPython {
    readonly FS: { mkdir(path: string): void; writeFile(path: string, text: string): void };
    runPython(source: string): unknown;
    /** A module, as a proxy of its attributes. */
    pyimport(
      name: string,
    ): Readonly<Record<string, (...args: readonly (string | number | boolean)[]) => unknown>>;
  }
  export function loadMicroPython(options: {
    /** In bytes; it grows when it is full. */
    readonly heapsize?: number;
    readonly pystack?: number;
    /** Of the WebAssembly; beside the package, unless told. */
    readonly url?: string;
    readonly linebuffer?: boolean;
    readonly stdout?: (line: string) => void;
    readonly stderr?: (line: string) => void;
  }): Promise<MicroPython>;
}

declare module '*.py?raw' {
  const source: string;
  export default source;
}

declare module '*.wasm?url' {
  const url: string;
  export default url;
}

interface ImportMeta {
  url: string;
}
