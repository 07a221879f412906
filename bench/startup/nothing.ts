/** What every program costs on this runtime. */

export {};
