/** Power loss on a real file system: a writing process above a disk that stops. */
package dev.streamwal.powerloss;
