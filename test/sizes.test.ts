/** Sizes as people write them. */

import assert from "node:assert/strict";
import test from "node:test";
import { formatSize, parseSize } from "../src/base/sizes.ts";

test("parseSize() reads bytes, binary and decimal units", () => {
  const sizes = {
    "0": 0,
    "65536": 65536,
    "64k": 65536,
    "64KiB": 65536,
    "64 kib": 65536,
    "64kB": 64000,
    "1MiB": 1048576,
    "1.5M": 1572864,
    "2GB": 2e9,
    "512b": 512,
  };
  for (const [text, size] of Object.entries(sizes)) assert.equal(parseSize(text), size, text);
});

test("parseSize() gives undefined for what is no size", () => {
  for (const text of ["", "k", "-1", "1.5", "0x10", "1e3", "1 TiB", "one", "1k1", "1..5k"]) {
    assert.equal(parseSize(text), undefined, text);
  }
});

test("formatSize() takes the unit that fits", () => {
  assert.deepEqual(
    [0, 1023, 1024, 1536, 1048576, 16777488, 2 ** 30].map(formatSize),
    ["0 B", "1023 B", "1 KiB", "1.5 KiB", "1 MiB", "16 MiB", "1 GiB"],
  );
});
