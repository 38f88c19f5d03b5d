/** Why a piece of text is not a value, and how to mend it. Whoever knows where the text stood puts that in front. */
export class ParseProblem extends Error {
  constructor(message: string) {
    super(message);
    this.name = "ParseProblem";
  }
}
