import { ask } from "./ask.ts";
import type { Send } from "./case.ts";
import type { DeviceFacts } from "./device_facts.ts";
import { versionFacts } from "./learn.ts";
import type { Stage } from "./stage.ts";
import { version } from "./steps.ts";

const ASKS_FOR_TWIN: Send = version({
  json: { capabilities: { max_msg_fds: 8, twin_socket: { supported: true } } },
});

/** Adds whether the server gives a twin socket to a client that asks for one, as no other client learns it. */
export async function learnTwin(stage: Stage, device: DeviceFacts): Promise<DeviceFacts> {
  using connection = await stage.raw();
  const reply = await ask(connection, ASKS_FOR_TWIN, stage.timeoutMs);
  if (typeof reply === "string") {
    // That it refuses is for a case to judge; what it has become of that is not.
    await stage.replace();
    return device;
  }
  const { twinSocket } = versionFacts(reply).capabilities;
  return { ...device, capabilities: { ...device.capabilities, twinSocket } };
}
