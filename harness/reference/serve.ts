import { SystemError } from "../posix/libc.ts";
import type { UnixListener } from "../posix/unix_listener.ts";
import { Device } from "./device.ts";
import { admit, type Entrance, openEntrance } from "./entrance.ts";
import type { Hooks } from "./fault.ts";
import { log } from "./log.ts";
import { Session, type SessionHost } from "./session.ts";
import { defaultSettings } from "./settings.ts";

/** How long to wait with the next client when descriptors have run out. */
const RETRY_MS = 100;

/**
 * Serves one client after another, until SIGTERM or SIGINT; or the one client that was inherited.
 *
 * @throws {SystemError} When the entrance cannot be opened.
 */
export async function serve(entrance: Entrance, hooks: Hooks): Promise<void> {
  const settings = defaultSettings();
  hooks.tune?.(settings);
  using owned = new DisposableStack();
  // Before there is a socket file, so that it is removed whenever the signal comes.
  endOnSignals(owned, hooks);
  const device = owned.use(new Device(settings));
  const listener = owned.use(openEntrance(entrance));
  await hooks.listen?.(listener);
  await serveAll(listener, { settings, device, hooks });
}

function endOnSignals(owned: DisposableStack, hooks: Hooks): void {
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    Deno.addSignalListener(signal, () => {
      if (hooks.terminate?.() === false) return;
      try {
        owned.dispose();
      } finally {
        Deno.exit(0);
      }
    });
  }
}

async function serveAll(listener: UnixListener, host: SessionHost): Promise<void> {
  for (let last = false; !last;) {
    try {
      const client = admit(listener);
      if (client) await new Session(client.socket, host).run();
      else await listener.wait(Infinity);
      last = client?.last ?? false;
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
      log(`${error.message}; tries again`);
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}
