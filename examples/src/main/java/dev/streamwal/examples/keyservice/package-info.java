/** Master keys that stay in a key management service: the log asks it to wrap and unwrap, over HTTP. */
@NullMarked
package dev.streamwal.examples.keyservice;

import org.jspecify.annotations.NullMarked;
