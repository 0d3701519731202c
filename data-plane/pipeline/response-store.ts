/**
 * The port to stored responses: what a caller may go on from by `previous_response_id`, and read again. Each belongs to a
 * project, and is not there for any other. Kept for a while and not for ever; a response that is gone is said to be gone.
 *
 * Fails open where one is kept (the answer then says `store: false`), closed where one is read.
 */
export interface ResponseStore {
  /** Whether it is kept. */
  put(owner: string, id: string, record: string): Promise<boolean>;
  /** undefined: there is none. Rejects where nobody can say. */
  get(owner: string, id: string): Promise<string | undefined>;
  /** Whether there was one. Rejects as get. */
  delete(owner: string, id: string): Promise<boolean>;
}

export const storedMs = 24 * 3600 * 1000;
/** Of one record, in characters: a longer conversation is not kept. */
export const recordLengthMax = 4 * 1024 * 1024;
