// Views as the server pushes them. A server that says nothing for too long is gone, whatever the connection claims.

const SILENCE = 10_000, AGAIN = 1_500;

export class Stream {
  constructor(heard, lost) {
    this.heard = heard;
    this.lost = lost;
  }

  /** Listen from now on; ends what was listened to before. */
  open(minutes) {
    this.minutes = minutes;
    this.close();
    this.source = new EventSource(`views?minutes=${minutes}`);
    this.source.addEventListener("view", (event) => this.#alive(JSON.parse(event.data)));
    this.source.addEventListener("still", () => this.#alive(null));
    this.source.addEventListener("error", () => this.#gone());
    this.#wait(SILENCE);
  }

  close() {
    clearTimeout(this.timer);
    this.source?.close();
  }

  #alive(view) {
    this.#wait(SILENCE);
    this.heard(view);
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
