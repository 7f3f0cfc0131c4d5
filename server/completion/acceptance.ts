import type { Offer } from './completer.ts';
import { CounterFile, type Counters } from './counters.ts';
import type { DocumentChange } from './inflight.ts';
import { Retention } from './retention.ts';

/** Pairs that editors insert by themselves: two characters, but typed. */
const AUTO_CLOSED = ['()', '[]', '{}', '""', "''", '``'];

interface Followed {
  id: string;
  text: string;
  /** Where the text starts in the document. */
  start: number;
  /** Characters of the text that are in the document. */
  present: number;
  /** It has been counted as partly accepted. */
  partly: boolean;
}

/**
 * Tells from the changes of the documents what became of the completions: editors report a full acceptance at best.
 * Text of an offer that appears several characters at a time was accepted, one character at a time it was typed.
 */
export class AcceptanceTracker {
  private readonly counters: CounterFile;
  private readonly retention = new Retention();
  private readonly offers = new Map<string, Followed>();
  private lastOffered: string | undefined;

  constructor(storageDir: string) {
    this.counters = new CounterFile(storageDir);
  }

  /** An offer is sent to the editor, for `document` as it is. */
  offered(uri: string, { id, text, start, end }: Offer, document: string): void {
    if (id !== this.lastOffered) this.counters.add({ offered: 1 });
    this.lastOffered = id;
    const present = text.startsWith(document.slice(start, end)) ? end - start : 0;
    this.offers.set(uri, { id, text, start, present, partly: false });
  }

  onChange(uri: string, changes: readonly DocumentChange[], text: string): void {
    for (const change of changes) {
      this.retention.onChange(uri, change);
      this.follow(uri, change, text);
    }
    this.counters.add(this.retention.settle({ now: Date.now() }));
  }

  onClose(uri: string): void {
    this.offers.delete(uri);
    this.counters.add(this.retention.settle({ uri }));
    void this.counters.save();
  }

  /** The editor says that it has accepted an offer; counted here if the document did not show it. */
  accepted(id: string): void {
    for (const [uri, offer] of this.offers) {
      if (offer.id === id) this.finish(uri, offer);
    }
  }

  read(): Promise<Counters> {
    return this.counters.read();
  }

  clear(): Promise<void> {
    return this.counters.clear();
  }

  async dispose(): Promise<void> {
    this.counters.add(this.retention.settle({}));
    await this.counters.save();
  }

  private follow(uri: string, change: DocumentChange, text: string): void {
    const offer = this.offers.get(uri);
    if (!offer || change.start > offer.start + offer.present) return;
    if (change.end < offer.start || (change.end === offer.start && change.text === '')) {
      offer.start += change.text.length - (change.end - change.start);
      return;
    }
    const end = change.start + change.text.length;
    const present = end - offer.start;
    if (change.start < offer.start || text.slice(offer.start, end) !== offer.text.slice(0, present)) {
      this.offers.delete(uri);
      return;
    }
    const gained = present - offer.present;
    const accepted = gained > 1 && !AUTO_CLOSED.includes(change.text);
    if (accepted) {
      this.retention.accept(uri, offer.start + offer.present, end, Date.now());
      if (present === offer.text.length) this.finish(uri, offer);
      else if (!offer.partly) this.counters.add({ partlyAccepted: 1 });
      offer.partly = true;
    }
    offer.present = present;
    if (present === offer.text.length) this.offers.delete(uri);
  }

  private finish(uri: string, offer: Followed): void {
    this.offers.delete(uri);
    this.counters.add({ accepted: 1, partlyAccepted: offer.partly ? -1 : 0 });
    void this.counters.save();
  }
}
