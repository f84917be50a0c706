/** The command can't be understood or begun as it is: one sentence for a person, and exit code 2. */
export class BadUse extends Error {
  constructor(message: string) {
    super(message);
    this.name = "BadUse";
  }
}
