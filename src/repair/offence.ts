/**
 * Thrown inside a batch to roll it back: losers that cannot be removed, and why. They are left out,
 * and the batch runs again for the others.
 */
export class Offence extends Error {
  readonly seqs: readonly string[]

  constructor(seqs: readonly string[], why: string) {
    super(why)
    this.seqs = seqs
  }
}
