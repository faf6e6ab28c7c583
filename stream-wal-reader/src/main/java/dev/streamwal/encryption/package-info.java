/** Sealing and opening records with session keys, and the file in which a log keeps those keys, wrapped. */
@NullMarked
package dev.streamwal.encryption;

import org.jspecify.annotations.NullMarked;
