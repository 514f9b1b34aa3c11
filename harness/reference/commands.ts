import { Command } from "../wire/constants.ts";
import { getInfo, reset } from "./device_commands.ts";
import { dmaMap, dmaUnmap } from "./dma_commands.ts";
import { deviceFeature } from "./feature_commands.ts";
import { getRegionIoFds } from "./io_fd_commands.ts";
import { getIrqInfo, setIrqs } from "./irq_commands.ts";
import type { Message, Outcome } from "./message.ts";
import { migDataRead, migDataWrite } from "./migration_commands.ts";
import { getRegionInfo, regionRead, regionWrite, regionWriteMulti } from "./region_commands.ts";
import type { Session } from "./session.ts";
import { version } from "./version.ts";

/** Carries out one command; throws `Refusal` for an error reply. */
export type Handler = (request: Message, session: Session) => Outcome | Promise<Outcome>;

/** The commands that the server knows, by number. */
export const COMMANDS: Readonly<Record<number, Handler>> = {
  [Command.VERSION]: version,
  [Command.DMA_MAP]: dmaMap,
  [Command.DMA_UNMAP]: dmaUnmap,
  [Command.DEVICE_GET_INFO]: getInfo,
  [Command.DEVICE_GET_REGION_INFO]: getRegionInfo,
  [Command.DEVICE_GET_REGION_IO_FDS]: getRegionIoFds,
  [Command.DEVICE_GET_IRQ_INFO]: getIrqInfo,
  [Command.DEVICE_SET_IRQS]: setIrqs,
  [Command.REGION_READ]: regionRead,
  [Command.REGION_WRITE]: regionWrite,
  [Command.DEVICE_RESET]: reset,
  [Command.REGION_WRITE_MULTI]: regionWriteMulti,
  [Command.DEVICE_FEATURE]: deviceFeature,
  [Command.MIG_DATA_READ]: migDataRead,
  [Command.MIG_DATA_WRITE]: migDataWrite,
};
