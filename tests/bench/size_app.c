/* The least that an app needs of a compiled network; without QATC_MODEL, an app that needs nothing. The difference
 * between the two programs is what the network adds. */
#include <stddef.h>

#ifdef QATC_MODEL
#include "model.h"

static unsigned char pixels[3 * 64 * 64];
static unsigned char arena[1];

int main(void) {
  qatc_image image = {.data = pixels,
                      .height = 64,
                      .width = 64,
                      .channels = 3,
                      .type = QATC_U8,
                      .row_stride = 3 * 64,
                      .pixel_stride = 3,
                      .channel_stride = 1};
  return model_run(&image, &image, arena, model_arena_size(64, 64) == 0 ? 0 : sizeof arena, NULL);
}
#else
static unsigned char pixels[3 * 64 * 64];
static unsigned char arena[1];

int main(void) {
  volatile unsigned char* used = pixels;
  return used[0] + *(volatile unsigned char*)arena;
}
#endif
