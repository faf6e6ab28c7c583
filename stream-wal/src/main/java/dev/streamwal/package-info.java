/** Writing a log: appending, retention, sweeping. */
@NullMarked
package dev.streamwal;

import org.jspecify.annotations.NullMarked;
