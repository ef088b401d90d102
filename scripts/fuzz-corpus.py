# Seeds of the corpus of fuzzing (test/corpus), written by numpy and by hand: python3 scripts/fuzz-corpus.py. Needs numpy 2.
import io, json, os, struct, numpy as np
root = os.path.join(os.path.dirname(__file__), '..', 'test', 'corpus')
for f in ('npy','safetensors'):
    for v in ('read','refused'): os.makedirs(f'{root}/{f}/{v}',exist_ok=True)
def put(f,v,name,b): open(f'{root}/{f}/{v}/{name}.{f}','wb').write(b)
def npy(a,version=None):
    b=io.BytesIO(); np.lib.format.write_array(b,a,version=version); return b.getvalue()
a=np.arange(6,dtype='<f4').reshape(3,2)
put('npy','read','float32',npy(a)); put('npy','read','float16',npy(a.astype('<f2'))); put('npy','read','uint8',npy(a.astype('u1')))
put('npy','read','version-2',npy(a,(2,0))); put('npy','read','version-3',npy(a,(3,0)))
put('npy','read','scalar',npy(np.float32(1).reshape(()))); put('npy','read','empty',npy(np.zeros((0,4),'<f4'))); put('npy','read','three-dimensions',npy(np.zeros((2,1,2),'<f4')))
put('npy','refused','fortran-order',npy(np.asfortranarray(a))); put('npy','refused','big-endian',npy(a.astype('>f4'))); put('npy','refused','float64',npy(a.astype('<f8')))
put('npy','refused','int32',npy(a.astype('<i4'))); put('npy','refused','records',npy(np.zeros(2,[('a','<f4'),('b','<i4')]))); put('npy','refused','text',npy(np.array(['ab','c'])))
b=io.BytesIO(); np.save(b,np.array([{'a':1}],dtype=object),allow_pickle=True); put('npy','refused','objects-as-a-pickle',b.getvalue())
def head(lit,data=b'',version=1,claimed=None):
    l=lit.encode() if isinstance(lit,str) else lit
    n=len(l) if claimed is None else claimed
    return b'\x93NUMPY'+bytes([version,0])+(struct.pack('<H',n) if version==1 else struct.pack('<I',n))+l+data
good="{'descr': '<f4', 'fortran_order': False, 'shape': %s, }\n"
put('npy','refused','shape-of-256-gb',head(good%'(1000000000, 64)',bytes(64)))
put('npy','refused','shape-beyond-2-to-the-53',head(good%'(9007199254740993, 1)'))
put('npy','refused','shape-whose-product-overflows',head(good%'(4294967296, 4294967296)'))
put('npy','refused','shape-of-zero-and-huge',head(good%'(99999999999999999999999, 0)'))
put('npy','refused','shape-negative',head(good%'(-3, 2)',bytes(24)))
put('npy','refused','shape-is-a-number',head(good%'(3)',bytes(12)))
put('npy','refused','header-of-4-gb',head('{',b'',2,2**32-1))
put('npy','refused','header-of-64-kb',head('{',b'',1,65535))
put('npy','refused','header-longer-than-the-file',head('{',b'',1,500))
put('npy','refused','header-not-utf-8',head(b"{'descr': '\xff', }"))
put('npy','refused','header-nested-deeply',head('('*9000))
put('npy','refused','header-of-commas',head("{"+","*9000+"}"))
put('npy','refused','shape-of-many-commas',head(good%('('+'1,'*4000+')')))
put('npy','refused','name-twice',head("{'descr': '<f4', 'descr': '<f2', 'fortran_order': False, 'shape': (0,)}"))
put('npy','refused','name-missing',head("{'descr': '<f4', 'fortran_order': False}"))
put('npy','refused','code-in-the-header',head("{'descr': __import__('os').system('true'), 'fortran_order': False, 'shape': (0,)}"))
put('npy','refused','array-cut-off',npy(a)[:-1]); put('npy','refused','bytes-after-the-array',npy(a)+b'x'); put('npy','refused','two-arrays',npy(a)+npy(a))
put('npy','refused','cut-in-the-length',npy(a)[:9]); put('npy','refused','cut-in-the-magic',npy(a)[:4]); put('npy','refused','nothing',b'')
put('npy','refused','version-9',b'\x93NUMPY\x09\x00'+npy(a)[8:]); put('npy','refused','a-zip-file',b'PK\x03\x04'+bytes(30))
def st(h,data=b'',claimed=None,pad=0):
    j=(json.dumps(h,separators=(',',':')) if not isinstance(h,(str,bytes)) else h); j=j.encode() if isinstance(j,str) else j; j+=b' '*pad
    return struct.pack('<Q',len(j) if claimed is None else claimed)+j+data
def t(dtype,shape,o): return {'dtype':dtype,'shape':shape,'data_offsets':o}
x=t('F32',[2,1],[0,8])
R='read'; B='refused'
put('safetensors',R,'one-tensor',st({'x':x},bytes(8))); put('safetensors',R,'metadata',st({'__metadata__':{'a':'b'},'x':x},bytes(8),pad=3))
put('safetensors',R,'no-tensors',st({})); put('safetensors',R,'several',st({'b':t('U8',[3],[8,11]),'a':x,'e':t('F16',[0,3],[8,8])},bytes(11)))
put('safetensors',R,'name-proto',st('{"__proto__":'+json.dumps(x)+'}',bytes(8))); put('safetensors',R,'name-of-other-letters',st({'é "quoted" \\ \u0001':x},bytes(8))); put('safetensors',R,'scalar',st({'x':t('F64',[],[0,8])},bytes(8)))
put('safetensors',B,'header-of-2-to-the-64',st({'x':x},bytes(8),2**64-1)); put('safetensors',B,'header-of-100-mb',st({'x':x},bytes(8),100_000_001)); put('safetensors',B,'header-longer-than-the-file',st({'x':x},bytes(8),5000))
put('safetensors',B,'nothing',b''); put('safetensors',B,'seven-bytes',bytes(7)); put('safetensors',B,'header-of-zero-bytes',bytes(8))
put('safetensors',B,'header-not-utf-8',st(b'{"\xff":1}')); put('safetensors',B,'header-not-json',st('{x')); put('safetensors',B,'header-is-a-list',st('[1]')); put('safetensors',B,'header-begins-with-a-space',st(' {}'))
put('safetensors',B,'header-nested-deeply',st('['*20000)); put('safetensors',B,'header-after-a-byte-order-mark',st(b'\xef\xbb\xbf{}'))
put('safetensors',B,'name-twice',st('{"x":%s,"x":%s}'%(json.dumps(x),json.dumps(x)),bytes(8))); put('safetensors',B,'name-twice-by-an-escape',st('{"x":%s,"\\u0078":%s}'%(json.dumps(x),json.dumps(x)),bytes(8)))
put('safetensors',B,'key-twice-in-a-tensor',st('{"x":{"dtype":"F32","dtype":"U8","shape":[8],"data_offsets":[0,8]}}',bytes(8)))
put('safetensors',B,'overlap',st({'a':t('U8',[8],[0,8]),'b':t('U8',[8],[4,12])},bytes(12))); put('safetensors',B,'same-place',st({'a':x,'b':x},bytes(8)))
put('safetensors',B,'hole',st({'a':t('U8',[4],[0,4]),'b':t('U8',[4],[8,12])},bytes(12))); put('safetensors',B,'hole-at-the-beginning',st({'a':t('U8',[4],[4,8])},bytes(8)))
put('safetensors',B,'bytes-after-the-tensors',st({'x':x},bytes(9))); put('safetensors',B,'tensors-cut-off',st({'x':x},bytes(7)))
put('safetensors',B,'shape-of-256-gb',st({'x':t('F32',[10**9,64],[0,256*10**9])},bytes(8))); put('safetensors',B,'shape-whose-product-overflows',st({'x':t('F32',[2**32,2**32],[0,0])})); put('safetensors',B,'shape-beyond-2-to-the-53',st({'x':t('U8',[2**53+1],[0,2**53+1])}))
put('safetensors',B,'shape-negative',st({'x':t('F32',[-2,-1],[0,8])},bytes(8))); put('safetensors',B,'shape-fraction',st({'x':t('F32',[0.5,4],[0,8])},bytes(8))); put('safetensors',B,'shape-infinite',st('{"x":{"dtype":"F32","shape":[1e400],"data_offsets":[0,8]}}',bytes(8)))
put('safetensors',B,'shape-not-of-its-bytes',st({'x':t('F32',[3],[0,8])},bytes(8))); put('safetensors',B,'offsets-backwards',st({'x':t('F32',[2],[8,0])},bytes(8))); put('safetensors',B,'offsets-three',st({'x':t('F32',[2],[0,8,8])},bytes(8)))
put('safetensors',B,'dtype-unknown',st({'x':t('F4',[2],[0,8])},bytes(8))); put('safetensors',B,'dtype-of-the-prototype',st({'x':t('constructor',[2],[0,8])},bytes(8))); put('safetensors',B,'tensor-is-null',st({'x':None})); put('safetensors',B,'tensor-with-more-keys',st({'x':{**x,'strides':[1]}},bytes(8)))
put('safetensors',B,'metadata-is-a-list',st({'__metadata__':['a']})); put('safetensors',B,'metadata-of-numbers',st({'__metadata__':{'a':1}}))
