import {
  type Browser,
  type BrowserContextOptions,
  chromium,
  type Page,
} from "npm:playwright-core@1.65.1";

const ARGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** The Chromium of this machine, if there is one. */
export const CHROMIUM: string | undefined = ["/usr/bin/chromium", "/usr/bin/google-chrome"]
  .find((path) => {
    try {
      return Deno.statSync(path).isFile;
    } catch {
      return false;
    }
  });

/** Chromium with pages that lie in a folder; what it complains about is kept. */
export class ReportBrowser implements AsyncDisposable {
  /** Errors on the console, exceptions, and requests for anything but the page. */
  readonly complaints: string[] = [];
  readonly #browser: Browser;
  readonly #folder: string;

  private constructor(browser: Browser, folder: string) {
    this.#browser = browser;
    this.#folder = folder;
  }

  /** Starts Chromium. */
  static async start(): Promise<ReportBrowser> {
    const folder = await Deno.makeTempDir();
    const browser = await chromium.launch({ executablePath: CHROMIUM!, args: ARGS });
    return new ReportBrowser(browser, folder);
  }

  /** Writes a page, and says where it is. */
  async write(name: string, text: string): Promise<string> {
    await Deno.writeTextFile(`${this.#folder}/${name}`, text);
    return `file://${this.#folder}/${name}`;
  }

  /** A blank page in a window of its own. */
  async blank(options: BrowserContextOptions = {}): Promise<Page> {
    const context = await this.#browser.newContext({
      viewport: { width: 1280, height: 900 },
      ...options,
    });
    return await context.newPage();
  }

  /** Opens an address; from then on complaints are kept. */
  async open(address: string, options: BrowserContextOptions = {}): Promise<Page> {
    const page = await this.blank(options);
    const own = address.replace(/#.*/, "");
    page.on("console", (message) => this.complaints.push(message.text()));
    page.on("pageerror", (error) => this.complaints.push(error.message));
    page.on("dialog", (dialog) => this.complaints.push(`a dialog: ${dialog.message()}`));
    page.on("request", (request) => {
      if (request.url().replace(/#.*/, "") !== own) this.complaints.push(request.url());
    });
    await page.goto(address);
    return page;
  }

  /** Closes all pages. */
  async closePages(): Promise<void> {
    for (const context of this.#browser.contexts()) await context.close();
  }

  /** Seconds of processor time that each page's process has used so far. */
  async pageSeconds(): Promise<ReadonlyMap<number, number>> {
    const session = await this.#browser.newBrowserCDPSession();
    const { processInfo } = await session.send("SystemInfo.getProcessInfo");
    await session.detach();
    const pages = processInfo.filter(({ type }) => type === "renderer");
    return new Map(pages.map(({ id, cpuTime }) => [id, cpuTime]));
  }

  /** Ends Chromium and removes the pages. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser.close();
    await Deno.remove(this.#folder, { recursive: true });
  }
}
