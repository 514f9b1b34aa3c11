import { DeviceFlag } from "../wire/constants.ts";
import { Errno } from "../wire/errno.ts";
import { DeviceInfo } from "../wire/messages.ts";
import { type Message, type Outcome, sizedHead } from "./message.ts";
import { Refusal } from "./refusal.ts";
import type { Session } from "./session.ts";

/** DEVICE_GET_INFO. */
export function getInfo(request: Message, { settings }: Session): Outcome {
  sizedHead(request, DeviceInfo);
  const payload = DeviceInfo.encode({
    argsz: DeviceInfo.size,
    flags: settings.deviceFlags,
    numRegions: settings.regions.length,
    numIrqs: settings.irqs.length,
  });
  return { payload };
}

/** DEVICE_RESET. DMA regions and interrupts stay: they are the client's. */
export function reset(_request: Message, { device, settings }: Session): Outcome {
  if ((settings.deviceFlags & DeviceFlag.RESET) === 0) throw new Refusal(Errno.EINVAL);
  device.reset();
  return {};
}
