// The generators a bench can be told to use. What is installed never chooses: figures of two are not to be compared.
import { refuse } from "./flags.ts";
import type { Generator } from "./load.ts";
import { own } from "./own.ts";
import { wrk } from "./wrk.ts";

/** All there are, the default first. */
export const GENERATORS: readonly Generator[] = [own, wrk];

/** The flag of every bench that sends load, for `parseArgs`. */
export const GENERATOR_FLAG = { generator: { type: "string", default: own.name } } as const;

/** The generator of this name; ends the process with one line and exit code 2 where there is none to be had. */
export function chooseGenerator(name: string): Generator {
  const generator = GENERATORS.find((one) => one.name === name);
  if (generator === undefined) {
    return refuse("generator", `"${name}" is not one of ${GENERATORS.map((one) => one.name).join(", ")}`);
  }
  const obstacle = generator.obstacle();
  return obstacle === null ? generator : refuse("generator", obstacle);
}
