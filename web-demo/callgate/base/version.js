/* The version of the client, that of the whole project: Device.version, and what the gateway is told. */

export const VERSION = '0.1.0';
