// The version of this build, from package.json.
import manifest from "../../package.json" with { type: "json" };

/** The version, as `pixelgate --version` and `/version` say it. */
export const VERSION: string = manifest.version;
