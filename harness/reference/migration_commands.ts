import { DeviceState } from "../wire/constants.ts";
import { Errno } from "../wire/errno.ts";
import { FeatureDeviceState, FeatureMigration, MigData } from "../wire/messages.ts";
import type { Feature } from "./feature_commands.ts";
import { concat, head, type Message, type Outcome, sizedHead } from "./message.ts";
import { Refusal } from "./refusal.ts";
import type { Session } from "./session.ts";

/** Feature MIGRATION. */
export const migrationFeature: Feature = {
  supported: ({ settings }) => settings.migrationFlags !== 0,
  get: (_data, { settings }) => FeatureMigration.encode({ flags: BigInt(settings.migrationFlags) }),
};

/** Feature MIG_DEVICE_STATE. */
export const deviceStateFeature: Feature = {
  supported: ({ settings }) => settings.migrationFlags !== 0,
  get: (_data, { device }) => FeatureDeviceState.encode({ deviceState: device.migration.state }),
  set(data, { device }) {
    if (data.byteLength < FeatureDeviceState.size) throw new Refusal(Errno.EINVAL);
    const { deviceState } = FeatureDeviceState.decode(data);
    if (deviceState === DeviceState.ERROR) throw new Refusal(Errno.EINVAL);
    device.migration.go(deviceState);
    return data;
  },
};

/** MIG_DATA_READ. The reply is short when there are no more data. */
export function migDataRead(request: Message, session: Session): Outcome {
  const { argsz, size } = sizedHead(request, MigData);
  checkSize(size, session);
  if (argsz < MigData.size + size || size > session.client.maxDataXferSize) {
    throw new Refusal(Errno.EINVAL);
  }
  const data = session.device.migration.read(size);
  const { byteLength } = data;
  const answer = MigData.encode({ argsz: MigData.size + byteLength, size: byteLength });
  return { payload: concat(answer, data) };
}

/** MIG_DATA_WRITE. What `argsz` has to be is not said, as the reply has no payload. */
export function migDataWrite(request: Message, session: Session): Outcome {
  const { size } = head(request, MigData);
  checkSize(size, session);
  const data = request.payload.subarray(MigData.size);
  if (data.byteLength !== size) throw new Refusal(Errno.EINVAL);
  session.device.migration.write(data);
  return {};
}

function checkSize(size: number, { settings }: Session): void {
  if (settings.migrationFlags === 0) throw new Refusal(Errno.EOPNOTSUPP);
  if (size > settings.maxDataXferSize) throw new Refusal(Errno.EINVAL);
}
