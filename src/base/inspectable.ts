/**
 * How objects show themselves: to `console.log` of Deno, Bun and Node, and in messages of assertions.
 *
 * @module
 */

/** What a runtime gives to show what is inside of an object. */
type Inspect = (value: unknown, options?: unknown) => string;

/**
 * Makes the objects of a class show these properties (a method is called without arguments), and
 * gives them `name` as their tag. What a property throws is shown in its place: to print an object
 * that is closed is no error.
 */
export function inspectable<T extends object>(
  type: { readonly prototype: T },
  name: string,
  properties: readonly (keyof T & string)[],
): void {
  const show = (object: T, inspect: Inspect, options: unknown) => {
    const shown = Object.fromEntries(properties.map((key) => [key, valueOf(object, key)]));
    return `${name} ${inspect(shown, options)}`;
  };
  const methods = {
    [Symbol.toStringTag]: name,
    // Node and Bun.
    [Symbol.for("nodejs.util.inspect.custom")](
      this: T,
      _depth: number,
      options: unknown,
      inspect?: Inspect,
    ): unknown {
      return inspect === undefined ? this : show(this, inspect, options);
    },
    [Symbol.for("Deno.customInspect")](this: T, inspect: Inspect, options: unknown): string {
      return show(this, inspect, options);
    },
  };
  for (const key of Reflect.ownKeys(methods)) {
    const value = methods[key as keyof typeof methods];
    Object.defineProperty(type.prototype, key, { value, configurable: true, writable: true });
  }
}

function valueOf<T extends object>(object: T, key: keyof T): unknown {
  try {
    const value = object[key];
    return typeof value === "function" ? value.call(object) : value;
  } catch (error) {
    return error instanceof Error ? `[${error.name}]` : "[?]";
  }
}
