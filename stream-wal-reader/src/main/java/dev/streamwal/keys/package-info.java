/** The keys that a program keeps, with which it encrypts logs: {@link dev.streamwal.keys.MasterKeys}. */
@NullMarked
package dev.streamwal.keys;

import org.jspecify.annotations.NullMarked;
