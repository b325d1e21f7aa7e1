// Certificates of a test's own, made by openssl: `unless(whyNot("openssl"))` stands before whoever uses them.
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

/** The files of one key and its certificate. */
export interface Certified {
  readonly key: string;
  readonly pem: string;
}

/** What a certificate is for, as openssl writes it. */
export const FOR = {
  authority: "basicConstraints=critical,CA:TRUE",
  localhost: "subjectAltName=DNS:localhost,IP:127.0.0.1",
  localhostByName: "subjectAltName=DNS:localhost",
  elsewhere: "subjectAltName=DNS:elsewhere.example",
  client: "extendedKeyUsage=clientAuth",
} as const;

/** Makes a key and a certificate in a folder, signed by `authority`, or by itself. */
export function certify(
  folder: string,
  name: string,
  extensions: string,
  authority: Certified | null = null,
): Certified {
  const run = (...args: string[]) => execFileSync("openssl", args, { cwd: folder, stdio: "pipe" });
  const [key, pem] = [join(folder, `${name}.key`), join(folder, `${name}.pem`)];
  const [request, extension] = [join(folder, `${name}.csr`), join(folder, `${name}.ext`)];
  writeFileSync(extension, extensions);
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"];
  run("req", ...curve, "-nodes", "-keyout", key, "-out", request, "-subj", `/CN=${name}`);
  const signer =
    authority === null
      ? ["-signkey", key]
      : ["-CA", authority.pem, "-CAkey", authority.key, "-CAcreateserial"];
  run("x509", "-req", "-in", request, ...signer, "-days", "2", "-extfile", extension, "-out", pem);
  return { key, pem };
}
