/** Each logging library with our sink, as an application sets it up. */

import type { LogTarget, SinkOptions } from "../../../src/sinks/mod.ts";

/** What logs a line. */
export type Log = (line: string) => void;

/** A log that is small, for tests. */
export function shapeOf(target: LogTarget) {
  return { target, chunkSize: 65536, chunkCount: 4 };
}

export const sinks: Record<string, (options: SinkOptions) => Log | Promise<Log>> = {
  async pino(options) {
    const { pino } = await import("pino");
    const { shmDestination } = await import("../../../src/sinks/pino.ts");
    const logger = pino(shmDestination(options));
    return (line) => logger.info(line);
  },
  async logtape(options) {
    const { configure, getLogger } = await import("@logtape/logtape");
    const { getShmSink } = await import("../../../src/sinks/logtape.ts");
    await configure({
      sinks: { shm: getShmSink({ ...options, formatter: "json" }) },
      loggers: [
        { category: "app", sinks: ["shm"] },
        { category: ["logtape", "meta"], sinks: [], lowestLevel: "fatal" },
      ],
    });
    const logger = getLogger("app");
    return (line) => logger.info(line);
  },
  async winston(options) {
    const { default: winston } = await import("winston");
    const { ShmTransport } = await import("../../../src/sinks/winston.ts");
    const logger = winston.createLogger({ transports: [new ShmTransport(options)] });
    return (line) => void logger.info(line);
  },
  async console(options) {
    const { captureConsole } = await import("../../../src/sinks/console.ts");
    captureConsole({ ...options, format: "json" });
    return (line) => console.log(line);
  },
  async otel(options) {
    const { LoggerProvider, SimpleLogRecordProcessor } = await import("@opentelemetry/sdk-logs");
    const { ShmLogRecordExporter } = await import("../../../src/sinks/otel.ts");
    const exporter = new ShmLogRecordExporter(options);
    const provider = new LoggerProvider({
      processors: [new SimpleLogRecordProcessor({ exporter })],
    });
    const logger = provider.getLogger("app");
    return (body) => logger.emit({ body });
  },
  async logger(options) {
    const { createLogger } = await import("../../../src/logger/mod.ts");
    const logger = createLogger({ ...options, redact: ["err.password"] });
    return (line) => logger.info(line);
  },
  async transport(options) {
    const { pino } = await import("pino");
    const target = new URL("../../../src/sinks/pino.ts", import.meta.url).href;
    const { uncaughtException: _, ...own } = options;
    const transport = pino.transport({ target, options: own });
    const logger = pino(transport);
    return (line) => logger.info(line);
  },
};

/** The message of a line, whichever library wrote it. */
export function messageOf(line: string): string {
  const json = JSON.parse(line);
  return json.msg ?? json.message ?? json.text ?? json.body.stringValue;
}
