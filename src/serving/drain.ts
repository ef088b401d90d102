// Stopping without losing a request: no new connections, but those there are may finish what they sent, and are told to
// close with each response. Node's own `close` would end idle connections at once, also the one on which a request is
// just arriving.
import type { Server } from 'node:http';
import { Server as NetServer, type Socket } from 'node:net';
import type { Limits } from './limits.js';

const LOOK_MS = 50;

/** The connections of a server, from before it listens. */
export class Drain {
  private readonly sockets = new Set<Socket>();
  private isDraining = false;

  constructor(private readonly server: Server) {
    server.on('connection', (socket) => {
      this.sockets.add(socket);
      socket.once('close', () => this.sockets.delete(socket));
    });
  }

  get isStopping(): boolean {
    return this.isDraining;
  }

  /** Stops accepting, waits for all that was sent. @returns connections that had to be cut */
  async drain({
    drainIdleMs: idleMs,
    drainMs: deadlineMs,
  }: Pick<Limits, 'drainIdleMs' | 'drainMs'>): Promise<number> {
    this.isDraining = true;
    const { server, sockets } = this;
    if (!server.listening) return 0;
    // Connections that the kernel has accepted and this process has not are reset when the listening ends: right after
    // they were taken there are next to none.
    await new Promise((resolve) => setImmediate(resolve));
    const closed = new Promise<void>((resolve) => {
      NetServer.prototype.close.call(server, () => resolve());
    });
    const start = performance.now();
    let cut = 0;
    const look = () => {
      const elapsed = performance.now() - start;
      if (elapsed > deadlineMs) {
        cut = sockets.size;
        for (const socket of sockets) socket.destroy();
      } else if (elapsed > idleMs) {
        server.closeIdleConnections();
        // One that never sent a byte is not idle to Node, but waited for.
        for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
      }
    };
    // After the sockets were read: to a busy process a connection seems idle whose request waits in the kernel.
    const timer = setInterval(() => setImmediate(look), LOOK_MS);
    await closed;
    clearInterval(timer);
    return cut;
  }
}
