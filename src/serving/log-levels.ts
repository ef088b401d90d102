// How much a server says. A file of its own, since the command line names them before it loads a server.

export const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];
