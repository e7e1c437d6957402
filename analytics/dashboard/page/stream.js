// Views as the server pushes them. A server that says nothing for too long is gone, whatever the connection claims.

const SILENCE = 10_000, AGAIN = 1_500;

export class Stream {
  /** `clock` hears the server's time, `heard` a view, and `lost` that the server is gone. */
  constructor({ clock, heard, lost }) {
    this.clock = clock;
    this.heard = heard;
    this.lost = lost;
  }

  /** Listen from now on; ends what was listened to before. */
  open(minutes) {
    this.minutes = minutes;
    this.close();
    this.source = new EventSource(`views?minutes=${minutes}`);
    this.source.addEventListener("clock", (event) => this.#alive(() => this.clock(Number(event.data))));
    this.source.addEventListener("view", (event) => this.#alive(() => this.heard(JSON.parse(event.data))));
    this.source.addEventListener("error", () => this.#gone());
    this.#wait(SILENCE);
  }

  close() {
    clearTimeout(this.timer);
    this.source?.close();
  }

  #alive(tell) {
    this.#wait(SILENCE);
    tell();
  }

  #gone() {
    this.lost();
    this.source.close();
    this.#wait(AGAIN);
  }

  #wait(milliseconds) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      if (milliseconds === SILENCE) this.lost();
      this.open(this.minutes);
    }, milliseconds);
  }
}
