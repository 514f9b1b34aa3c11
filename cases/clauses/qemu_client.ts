import type { Clause } from "../../harness/case.ts";
import { SET_IRQS_ARGSZ } from "./ambiguities.ts";

/** Clauses on what the vfio-user client of QEMU needs beyond the specification. */
export const qemuClientClauses = {
  "qemu-version-size": {
    level: "qemu",
    section: "VERSION",
    text:
      "The reply to QEMU's VERSION is no larger than the request, whose buffer QEMU receives it in.",
  },
  "qemu-minor-0": {
    level: "qemu",
    section: "VERSION",
    text: "QEMU's proposal of version 0.0 is answered with version 0.0.",
  },
  "qemu-max-fds": {
    level: "qemu",
    section: "VERSION",
    text: "The max_msg_fds of the server is absent or at most 16, the most that QEMU accepts.",
  },
  "qemu-max-fds-default": {
    level: "qemu",
    section: "VERSION",
    text:
      "A server that does not announce max_msg_fds takes 8 descriptors in a message, as QEMU assumes.",
  },
  "qemu-max-xfer": {
    level: "qemu",
    section: "VERSION",
    text:
      "The max_data_xfer_size of the server is between 4096 and 67108864, the range that works with QEMU.",
  },
  "qemu-max-dma": {
    level: "qemu",
    section: "VERSION",
    text: "The max_dma_maps of the server is absent or at most 65535, the most that QEMU accepts.",
  },
  "qemu-pgsizes": {
    level: "qemu",
    section: "VERSION",
    text:
      "The pgsizes of the server is absent, or not 0 and without pages below 4096, which QEMU refuses.",
  },
  "qemu-migration-cap": {
    level: "qemu",
    section: "VERSION",
    text:
      "The migration capability is absent, or an object whose pgsize is a multiple of 4096 and whose max_bitmap_size is at most 268435456, as QEMU demands.",
  },
  "qemu-int-json": {
    level: "qemu",
    section: "VERSION",
    text: "Numbers in the version data have neither fraction nor exponent, which QEMU refuses.",
  },
  "qemu-dma-burst": {
    level: "qemu",
    section: "DMA_MAP",
    text:
      "The DMA_MAPs that QEMU sends in a row at its start, with and without descriptors, are all answered with success.",
  },
  "qemu-dma-unmap-size": {
    level: "qemu",
    section: "DMA_UNMAP",
    text: "The reply to DMA_UNMAP has at most 40 bytes, the room that QEMU has for it.",
  },
  "qemu-info-size": {
    level: "qemu",
    section: "DEVICE_GET_INFO",
    text:
      "The device info fits QEMU: a reply of at most 32 bytes, the PCI flag, 8 to 100 regions and 3 to 50 interrupt types.",
  },
  "qemu-region-two-step": {
    level: "qemu",
    section: "DEVICE_GET_REGION_INFO",
    text:
      "A region info, asked for with an argsz of 32 and then with the announced one, fits QEMU's buffer both times and brings at most one descriptor.",
  },
  "qemu-region-capoff": {
    level: "qemu",
    section: "DEVICE_GET_REGION_INFO",
    text: "A region info with the CAPS flag has a cap_offset from 32 up to argsz, as QEMU demands.",
  },
  "qemu-region-config": {
    level: "qemu",
    section: "DEVICE_GET_REGION_INFO",
    text: "The configuration space has 256 or 4096 bytes, as QEMU demands.",
  },
  "qemu-rw-count": {
    level: "qemu",
    section: "REGION_READ",
    text:
      "QEMU's REGION_READs return no more bytes than asked for, and all bytes of the configuration space.",
  },
  "qemu-wr-reply-size": {
    level: "qemu",
    section: "REGION_WRITE",
    text:
      "The reply to REGION_WRITE fits the buffer that QEMU keeps for it, 32 bytes plus the data.",
  },
  "qemu-posted-write": {
    level: "qemu",
    section: "Header",
    text:
      "QEMU's posted writes, REGION_WRITE with No_reply, get no reply, not even when they fail.",
  },
  "qemu-irq-argsz20": {
    level: "qemu",
    section: "DEVICE_SET_IRQS",
    text: "Binding an eventfd with an argsz of 20, as QEMU sends it, succeeds.",
    note: SET_IRQS_ARGSZ,
  },
  "qemu-irq-msix-mid-unbind": {
    level: "qemu",
    section: "DEVICE_SET_IRQS",
    text: "Unbinding a range of MSI-X interrupts that does not start at 0, as QEMU does, succeeds.",
  },
  "qemu-irq-intx-unmask-fd": {
    level: "qemu",
    section: "DEVICE_SET_IRQS",
    text: "QEMU's MASK and UNMASK of INTX, and the eventfd that it binds to UNMASK, succeed.",
  },
  "qemu-reset-writes": {
    level: "qemu",
    section: "REGION_WRITE",
    text:
      "The writes with which QEMU resets a device, to the command register and to the six BARs, succeed.",
  },
  "qemu-timeout": {
    level: "qemu",
    section: "Request Retry and Response Timeout",
    text: "Every reply arrives within 5 seconds, after which QEMU gives up.",
  },
  "qemu-multi-flag-bug": {
    level: "qemu",
    section: "REGION_WRITE_MULTI",
    text:
      "A REGION_WRITE_MULTI with No_reply, which QEMU can send without the capability, is passed over in silence, and the messages behind it are still understood.",
  },
  "qemu-dma-msg": {
    level: "qemu",
    section: "DMA_READ, DMA_WRITE",
    text: "DMA_READ and DMA_WRITE have the layout that QEMU reads, with a count of 4 bytes.",
    note:
      "The specification gives the count 8 bytes, QEMU reads 4 and expects the data behind these; graded by the specification.",
    noCase:
      "QEMU's layout contradicts that of the specification, which sdma-count-width asks for: no server can follow both.",
  },
} as const satisfies Record<string, Clause>;
