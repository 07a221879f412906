/** Something that is tried with the package, which throws where it fails. */
export interface Step {
  title: string;
  run(): void;
}
