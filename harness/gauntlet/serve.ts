import { UnixListener } from "../posix/unix_listener.ts";
import type { Behaviour } from "./behaviour.ts";
import { Client, ClientGone } from "./client.ts";
import { Device } from "./device.ts";
import { Exchange } from "./exchange.ts";

/** Serves one client after another, for ever, in the way of the behaviour. */
export async function serve(path: string, behaviour: Behaviour): Promise<void> {
  await behaviour.start?.(path);
  const device = new Device();
  using listener = UnixListener.listen(path);
  await behaviour.listening?.(path);
  while (true) {
    const socket = listener.accept();
    if (socket === undefined) await listener.wait(Infinity);
    else {
      using client = new Client(socket);
      await serveClient(client, device, path, behaviour).catch((error) => {
        if (!(error instanceof ClientGone)) throw error;
      });
    }
  }
}

async function serveClient(
  client: Client,
  device: Device,
  path: string,
  behaviour: Behaviour,
): Promise<void> {
  await behaviour.accepted?.(client, path);
  while (true) {
    const exchange = new Exchange(client, device, path, await client.header());
    await (behaviour.answer?.(exchange) ?? exchange.honest());
  }
}
