/** The picture of the ring: what it shows of a log, and of its damage. */

import assert from "node:assert/strict";
import test from "node:test";
import { inspect, segmentSize, ShmLogReader, ShmLogWriter, Writer } from "../../mod.ts";
import { outline } from "../../src/log/outline.ts";
import { CopiedLook } from "../../src/cli/serve/copied_look.ts";
import { inGroups } from "../../src/cli/serve/large_look.ts";
import { confirmDamage, ringPicture } from "../../src/cli/serve/ring_picture.ts";
import { uniqueName } from "../support/runtime.ts";

test("ringPicture() of a log that is filled little by little", () => {
  const memory = new ArrayBuffer(16 + 4 * 16 + 4 * 1024);
  const writer = Writer.create(memory, { chunkCount: 4 });
  const look = () => ringPicture(inspect(memory), true);
  assert.deepEqual(look().arcs.map(({ age }) => age), [0, -1, -1, -1]);
  assert.deepEqual([look().writer, look().next], [0, -1]);
  while (writer.totalEntriesWritten < 25) writer.write("x".repeat(96));
  const half = look();
  assert.ok(half.writer > 0.5 && half.writer < 0.75, `writer at ${half.writer}`);
  assert.deepEqual(half.arcs.map(({ age }) => age < 0), [false, false, false, true]);
  assert.equal(half.next, 0);
  assert.ok(half.arcs[0].age > half.arcs[1].age && half.arcs[1].age > half.arcs[2].age);
  assert.equal(half.arcs[2].filled, half.writer);
  while (writer.totalEntriesWritten < 55) writer.write("x".repeat(96));
  const second = look();
  assert.equal(second.entries, inspect(memory).entries);
  assert.ok(second.next > 0 && second.arcs[second.next].age > 0.5);
  let end = 0;
  for (const arc of second.arcs) {
    assert.ok(arc.from >= end - 1e-9 && arc.to >= arc.from && arc.to <= 1);
    assert.ok(arc.filled >= arc.from && arc.filled <= arc.to);
    end = arc.to;
  }
});

test("ringPicture() of many chunks has few arcs", () => {
  const memory = new ArrayBuffer(1 << 16);
  const writer = Writer.create(memory, { chunkCount: 512 });
  while (writer.totalEntriesWritten < 3000) writer.write("x".repeat(24));
  const picture = ringPicture(inspect(memory), false, 64);
  assert.ok(picture.arcs.length <= 64 && picture.arcs.length > 32);
  assert.equal(picture.chunkCount, 512);
  assert.ok(picture.arcs.filter(({ age }) => age >= 0).length > 60);
  assert.ok(picture.next >= 0);
});

test("CopiedLook sees what inspect() sees", () => {
  using log = ShmLogWriter.create(uniqueName("look"), {
    unlinkOnClose: true,
    chunkSize: 1024,
    chunkCount: 4,
  });
  using other = ShmLogWriter.create(uniqueName("look"), {
    unlinkOnClose: true,
    chunkSize: 2048,
    chunkCount: 8,
  });
  const look = new CopiedLook();
  for (const one of [log, other, log]) {
    for (let i = 0; i < 200; i++) one.write(`line ${i}`);
    using reader = ShmLogReader.open(one.name);
    assert.deepEqual(look.inspect(one.name), reader.inspect());
  }
});

test("ringPicture() shows damage", () => {
  const memory = new ArrayBuffer(16 + 4 * 16 + 4 * 1024);
  const writer = Writer.create(memory, { chunkCount: 4 });
  while (writer.totalEntriesWritten < 35) writer.write("x".repeat(96));
  const { offset } = inspect(memory).chunks[1];
  new DataView(memory).setUint32(offset, 0xfffffff0, true);
  const info = inspect(memory);
  const picture = ringPicture(confirmDamage(info, inspect(memory)), true);
  assert.deepEqual(picture.arcs.map(({ isDamaged }) => isDamaged), [false, true, false, false]);
  assert.equal(picture.damage.length, 1);
});

test("the ring of a log of very many chunks is drawn in groups, and looks the same", () => {
  const chunkCount = 20_000;
  const memory = new ArrayBuffer(segmentSize(chunkCount, 64));
  const writer = Writer.create(memory, { chunkCount });
  for (const entries of [0, 1, 30_000, 400_000]) {
    for (let i = 0; i < entries; i++) writer.write("abcd");
    const thorough = ringPicture(inspect(memory), true);
    const { info, chunks } = inGroups(outline(memory, () => {}));
    const quick = { ...ringPicture(info, true), ...chunks };
    const { arcs, writer: at, ...numbers } = thorough;
    const { arcs: quickArcs, writer: quickAt, ...quickNumbers } = quick;
    assert.deepEqual(quickNumbers, numbers);
    assert.ok(Math.abs(at - quickAt) < 0.001, `${at} ${quickAt}`);
    assert.equal(quickArcs.length, arcs.length);
    arcs.forEach(({ from, to, filled, age }, i) => {
      const found = quickArcs[i];
      const off = [from - found.from, to - found.to, filled - found.filled, age - found.age];
      assert.ok(off.every((one) => Math.abs(one) < 0.02), `${entries}: ${i}: ${off}`);
    });
  }
});

test("confirmDamage() forgets what is damaged in one look only", () => {
  const memory = new ArrayBuffer(16 + 4 * 16 + 4 * 1024);
  const writer = Writer.create(memory, { chunkCount: 4 });
  while (writer.totalEntriesWritten < 35) writer.write("x".repeat(96));
  const sound = inspect(memory);
  new DataView(memory).setUint32(sound.chunks[1].offset, 0xfffffff0, true);
  const picture = ringPicture(confirmDamage(sound, inspect(memory)), true);
  assert.deepEqual(picture.arcs.map(({ isDamaged }) => isDamaged), [false, false, false, false]);
  assert.deepEqual(picture.damage, []);
});
