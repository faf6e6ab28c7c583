/** The write half of the storage seam: mapped files, or channels. */
@NullMarked
package dev.streamwal.storage;

import org.jspecify.annotations.NullMarked;
